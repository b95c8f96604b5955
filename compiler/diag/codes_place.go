package diag

var placeEntries = []Entry{}
