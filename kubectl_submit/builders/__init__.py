"""The builder that stays in a namespace: its manifest, its certificates, its state."""
