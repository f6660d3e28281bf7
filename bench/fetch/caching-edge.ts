import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface CachingEdge {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** A real nginx that caches as a CDN does: one request to the origin for each file, however many ask for it at once. */
const configuration = (folder: string, port: number, origin: string): string => `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=edge:10m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${origin}; proxy_cache edge; proxy_cache_valid 200 307 60s; proxy_cache_lock on; proxy_cache_lock_timeout 60s;
      proxy_cache_lock_age 60s; proxy_http_version 1.1;
    }
  }
}
`;

export async function startCachingEdge(port: number, origin: string): Promise<CachingEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'mirrortide-edge-'));
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, origin));
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  const failed = once(nginx, 'error').then(([cause]) => {
    throw new Error('nginx cannot be started; on Debian it is in the package nginx-light', { cause });
  });
  await Promise.race([untilListening(port), failed]);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      nginx.kill('SIGTERM');
      if (nginx.exitCode === null) await once(nginx, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let asked = 0; asked < 500; asked += 1) {
    const listens = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (listens) return;
    await pause(20);
  }
  throw new Error(`nothing listens on port ${port}`);
}
