"""The bibliographic model, identity, search and storage; knows records, not how they are fetched."""
