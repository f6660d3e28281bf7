import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface NginxMirror {
  /** `http://ADDRESS:PORT`, no trailing slash. */
  readonly url: string;
  /** One line per request: `METHOD URI STATUS USER-AGENT`. */
  accessLog(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export interface NginxMirrorOptions {
  readonly address: string;
  readonly port: number;
  readonly root: string;
  /** Extra directives inside the server block, `return 503;` for instance. */
  readonly directives?: string;
}

const configuration = (folder: string, options: NginxMirrorOptions): string => `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http {
  log_format requests '$request_method $request_uri $status $http_user_agent';
  access_log ${folder}/access.log requests;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  types { text/xml xml; } default_type application/octet-stream;
  server { listen ${options.address}:${options.port}; root ${options.root}; autoindex on; ${options.directives ?? ''} }
}
`;

const accepts = (address: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

const untilListening = async (nginx: ChildProcess, options: NginxMirrorOptions, folder: string): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!(await accepts(options.address, options.port))) {
    if (nginx.exitCode !== null || Date.now() > deadline) {
      throw new Error(`nginx does not listen: ${await readFile(`${folder}/error.log`, 'utf8').catch(() => 'no log')}`);
    }
    await pause(20);
  }
};

/** A real nginx that serves one mirror's tree. */
export const startNginxMirror = async (options: NginxMirrorOptions): Promise<NginxMirror> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-nginx-'));
  await mkdir(options.root, { recursive: true });
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, options));
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  const failed = once(nginx, 'error').then(([cause]) => {
    throw new Error('nginx cannot be started; on Debian it is in the package nginx-light', { cause });
  });
  await Promise.race([untilListening(nginx, options, folder), failed]);
  return {
    url: `http://${options.address}:${options.port}`,
    accessLog: async () => (await readFile(join(folder, 'access.log'), 'utf8')).split('\n').filter((line) => line !== ''),
    stop: async () => {
      if (nginx.exitCode === null) {
        nginx.kill('SIGTERM');
        await once(nginx, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
};
