"""Small programs that use barestyle as a library."""
