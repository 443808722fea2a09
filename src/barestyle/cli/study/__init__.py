"""`barestyle study`: declare, run and report studies."""
