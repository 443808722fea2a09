"""The page: pictures and settings in, a picture that forms before one's eyes, and its record. Needs the extra `ui`."""
