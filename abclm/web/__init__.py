"""Turn a model into a page in the browser that writes tunes, and into a JSON API.

It needs FastAPI and uvicorn, which the extra `serve` installs.
"""
