"""Bearer tokens: keys, verification, and what was verified before."""
