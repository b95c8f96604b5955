package diag

var policyEntries = []Entry{}
