"""How fast tfdisco is, beside a peer where there is one."""
