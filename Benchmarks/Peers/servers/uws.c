/* uWebSockets with the routes of script/echo: uws PORT FOLDER [--compressed]. The library is the one that socketify brings,
 * called through its C interface: a handler in Python would cost more than all that the library does.
 * FOLDER is not served: uWebSockets serves no files. Declared here is what is called, as socketify declares it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct uws_app uws_app_t;
typedef struct uws_res uws_res_t;
typedef struct uws_req uws_req_t;
typedef struct uws_websocket uws_websocket_t;
typedef struct uws_socket_context uws_socket_context_t;
struct us_listen_socket_t;

struct us_socket_context_options_t {
    const char *key_file_name, *cert_file_name, *passphrase, *dh_params_file_name, *ca_file_name, *ssl_ciphers;
    int ssl_prefer_low_memory_usage;
};

typedef struct {
    int port;
    const char *host;
    int options;
} uws_app_listen_config_t;

enum { DISABLED = 0, SHARED_COMPRESSOR = 1, SHARED_DECOMPRESSOR = 1 << 8 };
typedef enum { TEXT = 1, BINARY = 2 } uws_opcode_t;

typedef struct {
    int compression;
    unsigned int maxPayloadLength;
    unsigned short idleTimeout;
    unsigned int maxBackpressure;
    bool closeOnBackpressureLimit, resetIdleTimeoutOnSend, sendPingsAutomatically;
    unsigned short maxLifetime;
    void (*upgrade)(uws_res_t *, uws_req_t *, uws_socket_context_t *, void *);
    void (*open)(uws_websocket_t *, void *);
    void (*message)(uws_websocket_t *, const char *, size_t, uws_opcode_t, void *);
    void (*drain)(uws_websocket_t *, void *);
    void (*ping)(uws_websocket_t *, const char *, size_t, void *);
    void (*pong)(uws_websocket_t *, const char *, size_t, void *);
    void (*close)(uws_websocket_t *, int, const char *, size_t, void *);
    void (*subscription)(uws_websocket_t *, const char *, size_t, int, int, void *);
} uws_socket_behavior_t;

uws_app_t *uws_create_app(int ssl, struct us_socket_context_options_t);
void uws_app_get(int ssl, uws_app_t *, const char *pattern, void (*)(uws_res_t *, uws_req_t *, void *), void *);
void uws_app_listen_with_config(
    int ssl, uws_app_t *, uws_app_listen_config_t,
    void (*)(struct us_listen_socket_t *, uws_app_listen_config_t, void *), void *);
void uws_app_run(int ssl, uws_app_t *);
void uws_res_write_header(int ssl, uws_res_t *, const char *, size_t, const char *, size_t);
void uws_res_end(int ssl, uws_res_t *, const char *, size_t, bool close);
void uws_ws(int ssl, uws_app_t *, const char *pattern, uws_socket_behavior_t, void *);
int uws_ws_send_with_options(int ssl, uws_websocket_t *, const char *, size_t, uws_opcode_t, bool compress, bool fin);
bool uws_ws_subscribe(int ssl, uws_websocket_t *, const char *, size_t);
bool uws_publish(
    int ssl, uws_app_t *, const char *topic, size_t, const char *message, size_t, uws_opcode_t, bool compress);

static uws_app_t *app;
static bool compressed;

static void plaintext(uws_res_t *res, uws_req_t *req, void *data) {
    uws_res_write_header(0, res, "Content-Type", 12, "text/plain", 10);
    uws_res_end(0, res, "Hello, World!", 13, false);
}

static void json(uws_res_t *res, uws_req_t *req, void *data) {
    static const char body[] = "{\"message\":\"Hello, World!\"}";
    uws_res_write_header(0, res, "Content-Type", 12, "application/json", 16);
    uws_res_end(0, res, body, sizeof body - 1, false);
}

static void echo(uws_websocket_t *ws, const char *message, size_t length, uws_opcode_t opcode, void *data) {
    uws_ws_send_with_options(0, ws, message, length, opcode, compressed, true);
}

static void join(uws_websocket_t *ws, void *data) { uws_ws_subscribe(0, ws, "all", 3); }

static void broadcast(uws_websocket_t *ws, const char *message, size_t length, uws_opcode_t opcode, void *data) {
    uws_publish(0, app, "all", 3, message, length, opcode, compressed);
}

static void listening(struct us_listen_socket_t *socket, uws_app_listen_config_t config, void *data) {
    if (!socket) {
        fprintf(stderr, "cannot listen on port %d\n", config.port);
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    compressed = argc > 3 && strcmp(argv[3], "--compressed") == 0;
    app = uws_create_app(0, (struct us_socket_context_options_t){0});
    uws_app_get(0, app, "/plaintext", plaintext, NULL);
    uws_app_get(0, app, "/json", json, NULL);
    uws_socket_behavior_t behavior = {
        .compression = compressed ? SHARED_COMPRESSOR | SHARED_DECOMPRESSOR : DISABLED,
        .maxPayloadLength = 16 << 20, .maxBackpressure = 16 << 20, .message = echo};
    uws_ws(0, app, "/ws", behavior, NULL);
    behavior.open = join;
    behavior.message = broadcast;
    uws_ws(0, app, "/broadcast", behavior, NULL);
    uws_app_listen_with_config(
        0, app, (uws_app_listen_config_t){.port = atoi(argv[1]), .host = "127.0.0.1"}, listening, NULL);
    uws_app_run(0, app);
    return 0;
}
