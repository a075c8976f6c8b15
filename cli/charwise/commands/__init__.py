"""The verbs of the `charwise` command, a module for each group."""
