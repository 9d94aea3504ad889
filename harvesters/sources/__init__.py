"""What can be harvested: source definitions, and code only where a source needs more than configuration."""
