"""Turn values into HTML and pictures, for displays in notebooks."""
