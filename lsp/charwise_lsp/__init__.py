"""The language server: thin, on stdio; it knows the daemon only through its client."""
