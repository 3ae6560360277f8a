"""A WhatsApp Cloud API and its citizens' phones on one machine; shares nothing with the portal."""
