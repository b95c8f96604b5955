package diag

var lowerEntries = []Entry{}
