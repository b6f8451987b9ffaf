"""The one room that speaks to AWS: sessions, clients, the artifact store. Named by import string only."""
