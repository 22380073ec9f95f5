"""What a person can ask of the services, one file for each subject."""
