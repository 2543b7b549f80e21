public import HTTP

/// What every response tells the browser about what its page may do.
public enum SecurityHeaders {
    /// Scripts, styles, images and connections from here only, nothing inline, no frames, no plug-ins, no guessing of
    /// types. `connect-src 'self'` covers `wss:` to the same host (CSP 3 §6.7.2.8).
    public static let strict: Headers = [
        "content-security-policy": [
            "default-src 'self'", "base-uri 'none'", "connect-src 'self'", "font-src 'self'", "form-action 'self'",
            "frame-ancestors 'none'", "frame-src 'none'", "img-src 'self'", "object-src 'none'", "script-src 'self'",
            "style-src 'self'", "worker-src 'self'",
        ].joined(separator: "; "),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    ]
}
