"""The HTTP server: the only place where ``aiohttp.web`` is imported."""
