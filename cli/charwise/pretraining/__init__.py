"""The base model: from sources under licences that let a model be passed on, to the weights that are shipped."""
