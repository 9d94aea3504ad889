"""Files and folders of the library's own as sources: the same pages, tokens and ledger as any repository has."""
