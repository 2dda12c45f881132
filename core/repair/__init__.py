"""Repair: what is made of a record that the strict decode refuses. Pure; a valid event never comes here."""
