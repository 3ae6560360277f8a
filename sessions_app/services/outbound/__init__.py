"""What is sent over WhatsApp: the queue, its pace, and what became of each message."""
