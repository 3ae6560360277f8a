"""The links in our e-mails: what somebody does with them, and how guessing is slowed down."""
