<?php
// How a queue in a table of MariaDB is worked off by hand: rows that nobody else has are locked, marked as taken in a short
// transaction, something is done (here: nothing), and they are marked as done. It is measured beside brood.
//
//     php mariadb.php HOST PORT USER DATABASE TABLE [WORKERS [BATCH]]
//
// It ends when nothing is left, and prints how many rows it has worked off, and in how many seconds.
if ($argc < 6) {
    fwrite(STDERR, "usage: php mariadb.php HOST PORT USER DATABASE TABLE [WORKERS [BATCH]]\n");
    exit(2);
}
[, $host, $port, $user, $database, $table] = $argv;
$workers = (int) ($argv[6] ?? 1);
$batch = (int) ($argv[7] ?? 1);

function work(string $host, string $port, string $user, string $database, string $table, int $batch): int
{
    $db = new PDO("mysql:host=$host;port=$port;dbname=$database;charset=utf8mb4", $user, '', [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_EMULATE_PREPARES => false,
    ]);
    $db->exec('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    $owner = gethostname() . ':' . getmypid();
    $take = $db->prepare("SELECT id, name FROM `$table` WHERE status = 'new' ORDER BY id LIMIT $batch FOR UPDATE SKIP LOCKED");
    $done = 0;
    for (;;) {
        $db->beginTransaction();
        $take->execute();
        $rows = $take->fetchAll(PDO::FETCH_ASSOC);
        if (!$rows) {
            $db->commit();
            return $done;
        }
        $ids = array_column($rows, 'id');
        $in = implode(',', array_fill(0, count($ids), '?'));
        $db->prepare("UPDATE `$table` SET status = 'running', owner = ?, attempts = attempts + 1 WHERE id IN ($in)")->execute([$owner, ...$ids]);
        $db->commit();
        foreach ($rows as $row) {
            // Here something would be done with $row['name'].
            $db->prepare("UPDATE `$table` SET status = 'ok' WHERE id = ? AND owner = ?")->execute([$row['id'], $owner]);
            $done++;
        }
    }
}

$began = microtime(true);
if ($workers <= 1) {
    $done = work($host, $port, $user, $database, $table, $batch);
} else {
    $pipes = [];
    for ($i = 0; $i < $workers; $i++) {
        $pipes[] = popen(escapeshellarg(PHP_BINARY) . ' ' . implode(' ', array_map('escapeshellarg', [__FILE__, $host, $port, $user, $database, $table, '1', (string) $batch])), 'r');
    }
    $done = 0;
    foreach ($pipes as $pipe) {
        $done += (int) fgets($pipe);
        pclose($pipe);
    }
}
printf("%d %.3f\n", $done, microtime(true) - $began);
