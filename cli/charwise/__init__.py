"""The `charwise` command."""
