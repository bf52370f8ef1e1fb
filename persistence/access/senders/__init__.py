"""Message senders, one file each; the file is named as the setting names it and has a class `Sender`."""
