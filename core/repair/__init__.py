"""Repair of a record that the strict decode refuses. Pure; a valid event never gets here."""
