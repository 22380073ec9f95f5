"""What a person can ask, one file for each subject: names, options, and what each says of itself.

Importing these costs every command: what is slow to import (HTTP, asyncio, the servers, the services' own code) is
imported when it runs.
"""
