using System.Net.WebSockets;

namespace HubshareDemo.Http;

/// <summary>WebSockets that are asked for, and the one thing that is done with those that may not come in.</summary>
public static class WebSocketRequests
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    public static bool IsUpgrade(HttpContext context) => context.WebSockets.IsWebSocketRequest;

    /// <summary>Accepts the WebSocket only to close it with 1008 and a reason: nothing else is sent, and what the client sends is not looked at.</summary>
    public static async Task TurnAwayAsync(HttpContext context, string? subprotocol, string reason)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(subprotocol);
        // A peer that never answers the close frame must not keep the socket.
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        impatience.CancelAfter(LongestGoodbye);
        try
        {
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, reason, impatience.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException)
        {
            context.Abort();
        }
    }
}
