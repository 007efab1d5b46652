<?php
// The classic script: a fork for each record, two at a time, results in the order of the input.
// php pcntl.php KIND IN OUT
[, $kind, $in, $out] = $argv;
$src = fopen($in, 'r');
$dst = fopen($out, 'w');
$running = []; // who is at work, the oldest first: [process, where its result comes from]

function finish(array &$running, $dst): void
{
    [$pid, $from] = array_shift($running);
    fwrite($dst, stream_get_contents($from));
    fclose($from);
    pcntl_waitpid($pid, $status);
    if ($status !== 0) {
        exit(1);
    }
}

function work(string $kind, array|string $record, int $seq): string
{
    if ($kind === 'lines') {
        return $record;
    }
    $row = fopen('php://memory', 'w+');
    fputcsv($row, [...$record, $seq, 'ok']);
    rewind($row);
    return stream_get_contents($row);
}

if ($kind === 'csv') {
    fputcsv($dst, [...fgetcsv($src), '_seq', '_status']);
}
for ($seq = 0; ($record = $kind === 'csv' ? fgetcsv($src) : fgets($src)) !== false; $seq++) {
    if (count($running) === 2) {
        finish($running, $dst);
    }
    [$from, $to] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    fflush($dst);
    $pid = pcntl_fork();
    if ($pid === 0) {
        fclose($from);
        fwrite($to, work($kind, $record, $seq));
        exit(0);
    }
    fclose($to);
    $running[] = [$pid, $from];
}
while ($running) {
    finish($running, $dst);
}
