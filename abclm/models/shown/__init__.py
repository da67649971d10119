"""What is shown of a model: a page in Markdown, and a summary in HTML."""
