using System.Net;
using System.Net.Sockets;

namespace HubshareDemo.Security;

/// <summary>The address of a client's socket. `X-Forwarded-For` is not looked at: a client can write anything into it.</summary>
public static class ClientAddress
{
    /// <summary>Of an IPv6 address, what a provider gives to one customer, who may pick any address in it.</summary>
    private const int CustomerBytes = 8;

    public static string Of(HttpContext? context) => context?.Connection.RemoteIpAddress is { } address ? Plain(address).ToString() : "-";

    /// <summary>What the failed attempts of one client are counted under: its IPv4 address, or the /64 of its IPv6 address.</summary>
    public static string KeyOf(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } remote)
        {
            return "unknown";
        }

        var address = Plain(remote);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, CustomerBytes, bytes.Length - CustomerBytes);
        return $"{new IPAddress(bytes)}/64";
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
