"""The simulated e-mail: a server for SMTP and IMAP, and mailboxes in which people read and reply."""
