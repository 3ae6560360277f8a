"""The Graph API of the account: strict about what it is sent, like Meta's."""
