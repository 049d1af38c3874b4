"""What the cluster's objects say of how a run stands, one module a kind. Pure."""
