"""What a person can ask, one file for each subject: names, options, and what each says of itself.

Importing these costs every command, so that at the top of a file stands what declares it; what carries it out is
imported when it runs.
"""
