"""The page in the browser: upload two pictures, watch the result form, download it. Needs the extra `ui`."""
