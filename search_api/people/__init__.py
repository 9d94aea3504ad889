"""People: how they sign in, who may do what, and what they say of themselves."""
