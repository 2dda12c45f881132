"""What is known of one value that many accounts share: an address, a network, a device, an e-mail domain, a text."""
