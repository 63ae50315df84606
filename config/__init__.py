"""The floor: settings, catalogue types, the shipped catalogue. Imports nothing of ours."""
