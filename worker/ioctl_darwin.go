package worker

// ioctlPending asks a pipe how many bytes stand in it: FIONREAD of
// <sys/filio.h>, which package unix does not define for Darwin.
const ioctlPending = 0x4004667f
