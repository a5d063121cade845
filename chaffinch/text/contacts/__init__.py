"""Phone numbers, QQ, WeChat, mail and ICP numbers: found, masked, digested under a key."""
