import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverSentence } from '../../../../batch-prediction/models/http/server-sentence.js';
import { MAX_SENTENCE_LENGTH, safeSentence } from '../../../../batch-prediction/models/safe-sentence.js';

describe('what a server or runtime says', () => {
  it.each([
    ['amount must be positive', 'amount must be positive'],
    ['expected 2 features, got 3 (row 17)', 'expected 2 features, got 3 (row 17)'],
    ["could not convert string to float: 'n/a'", "could not convert string to float: 'n/a'"],
    ['sklearn.exceptions.NotFittedError: call "fit" first', 'sklearn.exceptions.NotFittedError: call "fit" first'],
    ['input/output shapes differ and/or are missing', 'input/output shapes differ and/or are missing'],
    [
      'the feature mean_delay_24h_of_the_origin_airport is null',
      'the feature mean_delay_24h_of_the_origin_airport is null',
    ],
  ])('is passed on as it is: %s', (said, sentence) => {
    expect(safeSentence(said)).toBe(sentence);
  });

  it.each([
    ['see https://ada:hunter2@intern.example/docs?token=1 first', 'see [address] first'],
    ['cannot open postgres://app:pw@10.0.0.7/models', 'cannot open [address]'],
    ['Authorization: Bearer abcdef.123456', 'Authorization: [secret] [secret]'],
    ['bad password=hunter2, api_key: "k 1" given', 'bad password=[secret], api_key: [secret] given'],
    ['{"access_token": "ya29"}', '{"access_token": [secret]}'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln refused', 'jwt [secret] refused'],
    ['key sk-proj-1234567890abcdef and ghp_1234567890abcdefghij', 'key [secret] and [secret]'],
    ['digest 0123456789abcdef0123456789abcdef', 'digest [secret]'],
    ['session aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3x', 'session [secret]'],
    ['ask ada.lovelace@example.org', 'ask [account]'],
    ['no file /home/app/models/churn.pkl', 'no file [path]'],
    ['no file C:\\models\\churn.pkl here', 'no file [path] here'],
    ['no file models/churn.pkl here', 'no file [path] here'],
    ['connect to 10.1.2.3:8080 refused', 'connect to [host] refused'],
    ['connect to model-server:8080 or localhost:9000 refused', 'connect to [host] or [host] refused'],
    ['no such host predictor.models.svc.cluster.local', 'no such host [host]'],
  ])('has no secrets, addresses and paths: %s', (said, sentence) => {
    expect(safeSentence(said)).toBe(sentence);
  });

  it('is one line of a stated length, of a stack trace the error alone', () => {
    expect(MAX_SENTENCE_LENGTH).toBe(300);
    expect(safeSentence(`a${'b '.repeat(1000)}`)).toMatch(/^a(b )+…$|^ab.*…$/);
    expect(safeSentence('b '.repeat(1000))).toHaveLength(MAX_SENTENCE_LENGTH);
    expect(safeSentence('one\r\n\u001b[31mtwo\u0000\u2028three')).toBe('one [31mtwo three');
    expect(
      safeSentence(
        'Traceback (most recent call last):\n  File "/app/serve.py", line 3, in predict\n    x\nValueError: no amount\n',
      ),
    ).toBe('ValueError: no amount');
    expect(
      safeSentence('java.lang.IllegalStateException: no model\n\tat com.acme.Serve.run(Serve.java:3)\n\t... 12 more'),
    ).toBe('java.lang.IllegalStateException: no model');
  });

  it('never shows a secret that is cut through, nor takes long for it', () => {
    const secret = 'Zq9'.repeat(30);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1300 }), fc.constantFrom('a', 'https://x/ '), (length, filler) => {
        const said = `${filler.repeat(length).slice(0, length)} ${secret} token=${secret} https://u:${secret}@h/p`;
        expect(safeSentence(said)).not.toContain('Zq9Zq9');
        expect(safeSentence(said).length).toBeLessThanOrEqual(MAX_SENTENCE_LENGTH);
      }),
    );
  });

  it.each([
    ['', ''],
    ['out of memory', 'out of memory'],
    ['{"error": "expected a list of lists"}', 'expected a list of lists'],
    ['{"detail": "amount must be positive"}', 'amount must be positive'],
    ['{"code": 500, "type": "InternalServerException", "message": "Prediction failed"}', 'Prediction failed'],
    ['{"error": {"code": 3, "message": "", "details": [{"msg": "no such column"}]}}', 'no such column'],
    [
      '{"detail":[{"loc":["body","instances",0,"amount"],"msg":"field required","type":"value_error.missing"},{"loc":["body"],"msg":"again"}]}',
      'body.instances.0.amount: field required; body: again',
    ],
    ['"just a text"', 'just a text'],
    ['{"status": "bad"}', '{"status": "bad"}'],
    ['{"error": "cut of', '{"error": "cut of'],
    ['<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>', 'a page of HTML, "502 Bad Gateway"'],
    ['<html><body>no</body></html>', 'a page of HTML'],
  ])('is found where servers put it: %s', (body, sentence) => {
    expect(serverSentence(body)).toBe(sentence);
  });

  it('is not looked for deeper than servers write', () => {
    const deep = `${'{"error":'.repeat(10_000)}"secret"${'}'.repeat(10_000)}`;
    expect(serverSentence(deep).length).toBeLessThanOrEqual(MAX_SENTENCE_LENGTH);
  });
});
