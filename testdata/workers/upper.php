<?php
// A worker for "brood run pipe": the column "name", or the first one, in
// capitals, and its length in characters.
while (($line = fgets(STDIN)) !== false) {
    $request = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    $text = (string) ($request['record']['name'] ?? reset($request['record']));
    preg_match_all('/./us', $text, $characters);
    echo json_encode([
        'id' => $request['id'],
        'status' => 'ok',
        'result' => ['upper' => strtoupper($text), 'length' => count($characters[0])],
    ], JSON_THROW_ON_ERROR), "\n";
}
