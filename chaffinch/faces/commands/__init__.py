"""The commands, a module each; its last name is the command's."""
