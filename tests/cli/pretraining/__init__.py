"""The base model: from sources to what is shipped."""
